// Package report prints results the way container-structure-test does, and as JUnit XML for Bazel.
package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is the outcome of one test. It passed if there are no errors.
type Result struct {
	Name           string
	Errors         []string
	Stdout, Stderr string
	Duration       time.Duration
}

// Errorf adds a reason that the test failed.
func (r *Result) Errorf(format string, args ...any) {
	r.Errors = append(r.Errors, fmt.Sprintf(format, args...))
}

// Printer prints results immediately and counts them.
type Printer struct {
	out     io.Writer
	results []Result
}

// NewPrinter returns a printer to out.
func NewPrinter(out io.Writer) *Printer {
	return &Printer{out: out}
}

// Banner announces the results of one configuration file.
func (p *Printer) Banner(file string) {
	line := fmt.Sprintf("====== Test file: %s ======", filepath.Base(file))
	rule := strings.Repeat("=", len(line))
	fmt.Fprintf(p.out, "\n%s\n%s\n%s\n", rule, line, rule)
}

// Add prints one result.
func (p *Printer) Add(result Result) {
	p.results = append(p.results, result)
	verdict := "--- PASS"
	if len(result.Errors) > 0 {
		verdict = "--- FAIL"
	}
	fmt.Fprintf(p.out, "=== RUN: %s\n%s\nduration: %s\n", result.Name, verdict, result.Duration)
	if result.Stdout != "" {
		fmt.Fprintf(p.out, "stdout: %s\n", result.Stdout)
	}
	if result.Stderr != "" {
		fmt.Fprintf(p.out, "stderr: %s\n", result.Stderr)
	}
	for _, message := range result.Errors {
		fmt.Fprintf(p.out, "Error: %s\n", message)
	}
}

// Finish prints the totals. It reports whether there were tests and all of them passed.
func (p *Printer) Finish() bool {
	if len(p.results) == 0 {
		fmt.Fprintln(p.out, "No tests run! Check config file format.")
		return false
	}
	failed, total := p.totals()
	rule := strings.Repeat("=", 27)
	fmt.Fprintf(p.out, "\n%s\n========= RESULTS =========\n%s\n", rule, rule)
	fmt.Fprintf(p.out, "Passes:      %d\nFailures:    %d\nDuration:    %s\nTotal tests: %d\n\n",
		len(p.results)-failed, failed, total, len(p.results))
	if failed > 0 {
		fmt.Fprintln(p.out, "FAIL")
		return false
	}
	fmt.Fprintln(p.out, "PASS")
	return true
}

func (p *Printer) totals() (failed int, total time.Duration) {
	for _, result := range p.results {
		total += result.Duration
		if len(result.Errors) > 0 {
			failed++
		}
	}
	return failed, total
}

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Failures int        `xml:"failures,attr"`
	Tests    int        `xml:"tests,attr"`
	Time     float64    `xml:"time,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name  string      `xml:"name,attr"`
	Cases []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name     string   `xml:"name,attr"`
	Time     float64  `xml:"time,attr"` // seconds
	Failures []string `xml:"failure"`
	Stdout   string   `xml:"system-out,omitempty"`
	Stderr   string   `xml:"system-err,omitempty"`
}

// WriteJUnit writes everything added so far as one JUnit suite.
func (p *Printer) WriteJUnit(path, suite string) error {
	failed, total := p.totals()
	document := junitSuites{
		Failures: failed,
		Tests:    len(p.results),
		Time:     total.Seconds(),
		Suite:    junitSuite{Name: suite},
	}
	for _, result := range p.results {
		document.Suite.Cases = append(document.Suite.Cases, junitCase{
			Name:     result.Name,
			Time:     result.Duration.Seconds(),
			Failures: result.Errors,
			Stdout:   result.Stdout,
			Stderr:   result.Stderr,
		})
	}
	data, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if err := os.WriteFile(path, append([]byte(xml.Header), data...), 0o644); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}
