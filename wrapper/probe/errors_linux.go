package probe

// probeError is a system call that failed, and what for. It is fmt.Errorf("%s: %w") without package fmt, which the
// wrapper's hot path does without.
type probeError struct {
	op  string
	err error
}

func (e *probeError) Error() string { return e.op + ": " + e.err.Error() }

func (e *probeError) Unwrap() error { return e.err }
