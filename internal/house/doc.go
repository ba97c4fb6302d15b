// Package house holds no code, only the tests that keep the shape of the module: which package may import which, where
// each third-party module lives, that none of them shows in an exported signature, that every exported name is
// documented, and that some pass of scripts/test runs every test. When one of them fails, mend what it names; change a
// table only when the architecture has changed.
package house
