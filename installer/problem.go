package installer

// problem is an error with what it is about before it and the next step after it: fmt.Errorf("%s%w%s") without package
// fmt, whose reflection would make the wrapper binary a tenth larger.
type problem struct {
	before string
	err    error
	after  string
}

func (p *problem) Error() string { return p.before + p.err.Error() + p.after }

func (p *problem) Unwrap() error { return p.err }
