package main

import "time"

// SLSA's provenance, https://slsa.dev/spec/v1.0/provenance, in an in-toto statement. It contains only facts that this program
// knows: the commit, the requested version, and the builder.
const (
	provenanceType = "slsaprovenance1" // cosign's name for predicateType
	predicateType  = "https://slsa.dev/provenance/v1"
	statementType  = "https://in-toto.io/Statement/v1"
	buildType      = "https://github.com/" + owner + "/" + project + "/tree/main/tools/release"
)

type statement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

type provenance struct {
	BuildDefinition struct {
		BuildType          string            `json:"buildType"`
		ExternalParameters map[string]string `json:"externalParameters"`
		Dependencies       []dependency      `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata struct {
			StartedOn time.Time `json:"startedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

type dependency struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// provenance describes how the stage was made. builder is the identity of the workflow that signs it.
func (s *stage) provenance(builder string) provenance {
	if builder == "" {
		builder = buildType + "#rehearsal"
	}
	var p provenance
	p.BuildDefinition.BuildType = buildType
	p.BuildDefinition.ExternalParameters = map[string]string{"//wrapper:version": s.Version}
	p.BuildDefinition.Dependencies = []dependency{{
		URI:    "git+https://github.com/" + owner + "/" + project,
		Digest: map[string]string{"gitCommit": s.Commit},
	}}
	p.RunDetails.Builder.ID = builder
	p.RunDetails.Metadata.StartedOn = time.Now().UTC().Truncate(time.Second)
	return p
}

func (p *publisher) statement(subjects []subject) statement {
	return statement{Type: statementType, Subject: subjects, PredicateType: predicateType, Predicate: p.provenance(p.builder)}
}
