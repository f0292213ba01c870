package downstream_test

import (
	"runtime"
	"strings"
	"testing"
)

// TestHost runs the workspace's tests of the images for this machine.
func TestHost(t *testing.T) {
	w := unpack(t, "tests/downstream/workspace")
	summary := w.run(t, "test", "//:debian_"+runtime.GOARCH+"_test", "//:image_test", "--test_output=errors", "--noshow_progress", "--test_summary=short")
	// Tests of the files and of the commands of two images.
	if passed := strings.Count(summary, " PASSED"); passed != 4 {
		t.Errorf("%d tests passed, want 4:\n%s", passed, summary)
	}
	w.checkWrapper(t, runtime.GOARCH)
}
