package closure

import "fmt"

// exclude adds the conflicts among the packages that can be reached.
func (p *problem) exclude() error {
	for owner, of := range p.packages {
		for _, relation := range of.Conflicts {
			served, err := p.providing(relation)
			if err != nil {
				return fmt.Errorf("package %s: %w", of.Name, err)
			}
			for _, other := range served {
				p.forbid(owner, other, relation)
			}
		}
		for _, relation := range of.Obsoletes {
			for _, other := range p.named[relation.Name] {
				obsolete, err := p.obsoletes(of, other)
				if err != nil {
					return err
				}
				if id, reached := p.number[other]; obsolete && reached {
					p.obsoleted[owner] = append(p.obsoleted[owner], id)
					p.forbid(owner, other, relation)
				}
			}
		}
	}
	return nil
}

// forbid adds a conflict with another package, if that can be reached at all.
func (p *problem) forbid(owner int, other *Package, text Relation) {
	if id, reached := p.number[other]; reached && id != owner {
		p.add(&clause{owner: p.packages[owner], all: []int{owner, id}, text: text.String(), against: true})
	}
}

// oneOfEach allows at most one selected version of each name and, with Exclusive, at most one provider of each name that is
// provided with a version.
func (p *problem) oneOfEach() {
	type holder struct {
		id        int
		versioned bool
	}
	holders := map[string][]holder{}
	var names []string
	hold := func(name string, h holder) {
		if holders[name] == nil {
			names = append(names, name)
		}
		holders[name] = append(holders[name], h)
	}
	for id, of := range p.packages {
		hold(of.Name, holder{id, true})
		if !p.rules.Exclusive {
			continue
		}
		for _, provided := range of.Provides {
			if provided.Name != of.Name {
				hold(provided.Name, holder{id, provided.Op != ""})
			}
		}
	}
	for _, name := range names {
		for i, one := range holders[name] {
			for _, other := range holders[name][:i] {
				if one.id != other.id && (one.versioned || other.versioned) {
					p.add(&clause{owner: p.packages[one.id], all: []int{one.id, other.id}, text: name, against: true})
				}
			}
		}
	}
}
