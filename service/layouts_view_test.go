package service_test

import (
	"fmt"
	"slices"

	"quartet/service"
)

// viewers are all clients that are up.
func (r *layoutRun) viewers() (all []*layoutApp) {
	for _, a := range r.apps {
		if a.up() {
			all = append(all, a)
		}
	}
	for _, i := range r.instances {
		if i.up() && i.inner != nil {
			all = append(all, i.inner)
		}
	}
	return all
}

// shown are the ids of the instances that a client should see, without some.
func (r *layoutRun) shown(a *layoutApp, service string, without []layoutMember) (ids []string) {
	for _, i := range r.instances {
		if i.service != service || !i.up() || slices.Contains(without, layoutMember(i)) {
			continue
		}
		for _, addr := range i.addrs {
			if slices.Contains(a.addrs[service], addr) {
				ids = append(ids, i.server.ID())
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// known says that every client sees an instance of each service that is not among those that leave.
func (r *layoutRun) known(going []layoutMember) bool {
	for _, a := range r.viewers() {
		for _, s := range a.services {
			stay := r.shown(a, s, going)
			if !slices.ContainsFunc(a.client.InstanceIDs(s), func(id string) bool { return slices.Contains(stay, id) }) {
				return false
			}
		}
	}
	return true
}

// settle waits until every client sees exactly the instances that are there.
func (r *layoutRun) settle() {
	var missing string
	defer func() {
		if missing != "" {
			r.t.Log(missing)
		}
	}()
	await(r.t, "everybody sees everybody", func() bool {
		missing = ""
		for _, a := range r.viewers() {
			for _, s := range a.services {
				if seen, there := a.client.InstanceIDs(s), r.shown(a, s, nil); !slices.Equal(seen, there) {
					missing = fmt.Sprintf("%s sees %v of %s, there are %v", a.name, seen, s, there)
				}
			}
		}
		return missing == ""
	})
}

// steady lets the set as it is for a while, in which none of it starves, but for who is passed over because too much
// failed there before.
func (r *layoutRun) steady() {
	const each = 60 // executions, were they even
	r.settle()
	r.tally.count("steady spells")
	before, sets := map[*layoutInstance]int64{}, map[string][]*layoutInstance{}
	for _, i := range r.instances {
		if i.up() {
			before[i], sets[i.service] = i.executed.Load(), append(sets[i.service], i)
		}
	}
	for service, set := range sets {
		total := func() (sum int64) {
			for _, i := range set {
				sum += i.executed.Load() - before[i]
			}
			return sum
		}
		passedOver := r.passedOver(service)
		await(r.t, "there is work for "+service, func() bool { return total() >= int64(len(set)*each) })
		passedOver = append(passedOver, r.passedOver(service)...)
		fair := total() / int64(len(set))
		for _, i := range set {
			share := i.executed.Load() - before[i]
			switch {
			case share >= fair/4:
			case slices.Contains(passedOver, i.server.ID()):
				r.tally.count("passed over")
			default:
				r.wrong("%s starves: it had %d, an even share is %d", i.name, share, fair)
			}
		}
	}
}

func (r *layoutRun) passedOver(service string) (ids []string) {
	for _, a := range r.viewers() {
		ids = append(ids, a.client.PassedOver(service)...)
	}
	return ids
}

// busy lists what those who are at rest should not have any more.
func (r *layoutRun) busy() (left []string) {
	for _, a := range r.viewers() {
		left = append(left, a.client.Leftovers()...)
	}
	for _, i := range r.instances {
		apps := 0
		for _, a := range r.viewers() {
			for _, addr := range i.addrs {
				if slices.Contains(a.addrs[i.service], addr) {
					apps++
				}
			}
		}
		if stats := i.server.Stats(); stats != (service.ServerStats{Apps: apps}) {
			left = append(left, fmt.Sprintf("%s: %+v", i.name, stats))
		}
		left = append(left, i.server.Leftovers()...)
	}
	return left
}
