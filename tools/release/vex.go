package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/release/sbom"
)

// vexName is the name of the asset.
const vexName = "iptables-wrapper.openvex.json"

// vex is an OpenVEX document (https://github.com/openvex/spec, 0.2.0), as `govulncheck -format openvex` writes it. For each
// entry of the Go vulnerability database about a module in the wrapper, it states whether the wrapper can execute the
// vulnerable code.
type vex struct {
	Context    string `json:"@context"`
	ID         string `json:"@id"`
	Author     string `json:"author"`
	Timestamp  string `json:"timestamp"`
	Version    int    `json:"version"`
	Tooling    string `json:"tooling"`
	Statements []struct {
		Vulnerability struct {
			ID          string   `json:"@id"`
			Name        string   `json:"name"`
			Description string   `json:"description,omitempty"`
			Aliases     []string `json:"aliases,omitempty"`
		} `json:"vulnerability"`
		Products      []product `json:"products"`
		Status        string    `json:"status"`
		Justification string    `json:"justification"`
		Impact        string    `json:"impact_statement,omitempty"`
	} `json:"statements"`
}

type product struct {
	ID            string    `json:"@id"`
	Subcomponents []product `json:"subcomponents,omitempty"`
}

// addVEX adds the document. It fills in the author and the products, which govulncheck does not know: the wrapper, and the
// images that contain it. It fails if the wrapper calls vulnerable code. Without --vex, or without a statement, there is no
// document.
func (r *release) addVEX(context.Context) error {
	if r.vex == "" {
		return nil
	}
	text, err := os.ReadFile(r.vex)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var v vex
	if err := decoder.Decode(&v); err != nil {
		return fmt.Errorf("%s: not the output of govulncheck -format openvex: %w", r.vex, err)
	}
	if len(v.Statements) == 0 {
		return nil
	}
	v.Author = "https://github.com/" + owner + "/" + project
	v.ID = v.Author + "/releases/download/" + r.Version + "/" + vexName
	products := []string{sbom.PURL(r.Version)}
	for _, image := range r.images {
		products = append(products, fmt.Sprintf("pkg:oci/%s@%s?repository_url=%s",
			path.Base(image.Repository), url.QueryEscape(image.Digest), url.QueryEscape(image.Repository)))
	}
	for i := range v.Statements {
		s := &v.Statements[i]
		if s.Status != "not_affected" {
			return fmt.Errorf("%s: status %q: the wrapper calls vulnerable code: update Go or the module, and release that", s.Vulnerability.Name, s.Status)
		}
		if len(s.Products) != 1 {
			return fmt.Errorf("%s: %d products, want govulncheck's one", s.Vulnerability.Name, len(s.Products))
		}
		parts := s.Products[0].Subcomponents
		for j := range parts {
			parts[j].ID = strings.ReplaceAll(parts[j].ID, "%2F", "/") // as in the SBOM
		}
		s.Products = nil
		for _, id := range products {
			s.Products = append(s.Products, product{ID: id, Subcomponents: parts})
		}
	}
	if text, err = indented(v); err != nil {
		return err
	}
	return r.asset(vexName, text, 0o644)
}
