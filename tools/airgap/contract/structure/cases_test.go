package structure_test

// testCase is one configuration. If it must fail, failure is a text in the output.
type testCase struct{ name, config, failure string }

func commands() []testCase {
	return []testCase{
		{"command", "commandTests: [{name: a, command: probe, args: [print, hello]}]", ""},
		{"command not found", "commandTests: [{name: a, command: nothing}]", "executable file not found"},
		{"args expand", "commandTests: [{name: a, command: probe, args: [print, \"$GREETING ${GREETING}\"], expectedOutput: [\"(?m)^hello hello$\"]}]", ""},
		{"exit code", "commandTests: [{name: a, command: probe, args: [exit, \"3\"], exitCode: 3}]", ""},
		{"wrong exit code", "commandTests: [{name: a, command: probe, args: [exit, \"3\"]}]", "Expected: 0, Actual: 3"},
		{"expected output", "commandTests: [{name: a, command: probe, args: [print, hello], expectedOutput: [h.l+o]}]", ""},
		{"expected output missing", "commandTests: [{name: a, command: probe, args: [print, hello], expectedOutput: [bye]}]", "Expected string 'bye' not found in output"},
		{"expected error", "commandTests: [{name: a, command: probe, args: [error, oops], expectedError: [oops], excludedOutput: [oops]}]", ""},
		{"environment", "commandTests: [{name: a, command: probe, args: [env, X], envVars: [{key: X, value: y}], expectedOutput: [\"(?m)^X=y$\"]}]", ""},
		{"global environment", "globalEnvVars: [{key: X, value: \"$GREETING you\"}]\ncommandTests: [{name: a, command: probe, args: [env, X], expectedOutput: [\"(?m)^X=hello you$\"]}]", ""},
		{"setup", "commandTests: [{name: a, setup: [[probe, write, /tmp/a]], command: probe, args: [cat, /tmp/a], expectedOutput: [written]}]", ""},
		{"setup keeps the environment", "commandTests: [{name: a, setup: [[probe, print, x]], command: probe, args: [env, X], envVars: [{key: X, value: y}], expectedOutput: [X=y]}]", ""},
		{"setup may fail", "commandTests: [{name: a, setup: [[probe, exit, \"3\"]], command: probe, args: [print, a]}]", ""},
		{"setup cannot start", "commandTests: [{name: a, setup: [[nothing]], command: probe}]", "error in setup"},
		{"fresh root", "commandTests: [{name: a, command: probe, args: [write, /tmp/a]}, {name: b, command: probe, args: [cat, /tmp/a]}]", "Actual: 1"},
		{"working directory is made", "commandTests: [{name: a, command: probe, args: [show, pwd], expectedOutput: [\"(?m)^/made/by/engine$\"]}]", ""},
		{"own network", "commandTests: [{name: a, command: probe, args: [show, interfaces], expectedOutput: [interface lo]}]", ""},
		{"no variables beside run options", "commandTests: [{name: a, command: probe, args: [env, X], envVars: [{key: X, value: y}], expectedOutput: [X=y]}]\ncontainerRunOptions: {user: root}", "Expected string 'X=y'"},
		{"volumes are new each time", "commandTests: [{name: a, setup: [[probe, write, /data/a]], command: probe, args: [cat, /data/a]}]", "Actual: 1"},
		{"system calls are filtered", "commandTests: [{name: a, command: probe, args: [show, keyring], expectedOutput: [\"keyring: operation not permitted\"]}]", ""},
		{"output is made UTF-8", "commandTests: [{name: a, command: probe, args: [show, bytes], expectedOutput: [\"^\\uFFFD\\uFFFD\\n$\"]}]", ""},
		{"default capabilities", "commandTests: [{name: a, command: probe, args: [has, \"13\", has, \"12\"], expectedOutput: [\"13: true\", \"12: false\"]}]", ""},
	}
}

// Docker has dropped the mechanism behind the option capabilities. Without privileges, the option has no effect.
func runOptions() []testCase {
	return []testCase{
		{"user", "commandTests: [{name: a, command: probe, args: [show, id], expectedOutput: [uid=1000 gid=1001]}]\ncontainerRunOptions: {user: guest}", ""},
		{"user by number", "commandTests: [{name: a, command: probe, args: [show, id], expectedOutput: [\"uid=7 gid=42\"]}]\ncontainerRunOptions: {user: \"7:shadow\"}", ""},
		{"other user has no capabilities", "commandTests: [{name: a, command: probe, args: [has, \"13\"], expectedOutput: [\"13: false\"]}]\ncontainerRunOptions: {user: guest}", ""},
		{"unknown user", "commandTests: [{name: a, command: probe}]\ncontainerRunOptions: {user: nobody-at-all}", "nobody-at-all"},
		{"privileged", "commandTests: [{name: a, command: probe, args: [has, \"12\", has, \"21\"], expectedOutput: [\"12: true\", \"21: true\"]}]\ncontainerRunOptions: {privileged: true}", ""},
		{"all system calls with privileges", "commandTests: [{name: a, command: probe, args: [show, keyring], expectedOutput: [\"keyring: [0-9]\"]}]\ncontainerRunOptions: {privileged: true}", ""},
		{"capabilities without privileges", "commandTests: [{name: a, command: probe, args: [has, \"12\"], expectedOutput: [\"12: true\"]}]\ncontainerRunOptions: {capabilities: [NET_ADMIN]}", "Expected string '12: true' not found"},
		{"capabilities", "commandTests: [{name: a, command: probe, args: [has, \"12\"], expectedOutput: [\"12: true\"]}]\ncontainerRunOptions: {privileged: true, capabilities: [NET_ADMIN, cap_net_raw]}", ""},
		{"bind mount", "commandTests: [{name: a, command: probe, args: [cat, /host/hosts], expectedOutput: [localhost]}]\ncontainerRunOptions: {bindMounts: [\"/etc:/host:ro\"]}", ""},
		{"bind mount is read-only", "commandTests: [{name: a, command: probe, args: [write, /host/structure-test]}]\ncontainerRunOptions: {bindMounts: [\"/etc:/host:ro\"]}", "read-only file system"},
		{"bind mount over everything", "commandTests: [{name: a, command: probe, args: [print, x]}]\ncontainerRunOptions: {bindMounts: [\"/etc:/\"]}", "destination can't be '/'"},
		{"bind mount twice", "commandTests: [{name: a, command: probe, args: [print, x]}]\ncontainerRunOptions: {bindMounts: [\"/etc:/host\", \"/tmp:/host\"]}", "uplicate mount point"},
		{"terminal", "commandTests: [{name: a, command: probe, args: [show, terminal], expectedOutput: [terminal=true]}]\ncontainerRunOptions: {allocateTty: true}", "Unrecognized input header"},
		{"no terminal", "commandTests: [{name: a, command: probe, args: [show, terminal], expectedOutput: [terminal=false]}]", ""},
		{"variable of the host", "commandTests: [{name: a, command: probe, args: [env, FROM_HOST], expectedOutput: [FROM_HOST=host value]}]\ncontainerRunOptions: {envVars: [FROM_HOST]}", ""},
		{"variable that the host lacks", "commandTests: [{name: a, command: probe, args: [print, x]}]\ncontainerRunOptions: {envVars: [NOT_ON_THE_HOST]}", "invalid environment variable"},
	}
}

func existence() []testCase {
	return []testCase{
		{"exists", "fileExistenceTests: [{name: a, path: /bin/probe}]", ""},
		{"does not exist", "fileExistenceTests: [{name: a, path: /bin/nothing}]", "/bin/nothing"},
		{"should not exist", "fileExistenceTests: [{name: a, path: /bin/nothing, shouldExist: false}]", ""},
		{"should not exist but does", "fileExistenceTests: [{name: a, path: /bin/probe, shouldExist: false}]", "should not exist but does"},
		{"path expands", "globalEnvVars: [{key: DIR, value: /bin}]\nfileExistenceTests: [{name: a, path: $DIR/probe}]", ""},
		{"permissions", "fileExistenceTests: [{name: a, path: /etc/shadow, permissions: \"-rw-r-----\"}]", ""},
		{"wrong permissions", "fileExistenceTests: [{name: a, path: /etc/shadow, permissions: \"-rw-r--r--\"}]", "Actual: -rw-r-----"},
		{"setuid permissions", "fileExistenceTests: [{name: a, path: /bin/setuid, permissions: \"urwxr-xr-x\"}]", ""},
		{"link permissions", "fileExistenceTests: [{name: a, path: /bin/link, permissions: \"Lrwxrwxrwx\"}]", ""},
		{"directory permissions", "fileExistenceTests: [{name: a, path: /tmp, permissions: \"dtrwxrwxrwx\"}]", ""},
		{"dangling link exists", "fileExistenceTests: [{name: a, path: /bin/dangling}]", ""},
		{"the root", "fileExistenceTests: [{name: a, path: /, permissions: drwxr-xr-x}]", ""},
		{"a directory with a slash", "fileExistenceTests: [{name: a, path: /tmp/}]", ""},
		{"pipe", "fileExistenceTests: [{name: a, path: /bin/pipe}]", "not found in image"},
		{"the engine's file", "fileExistenceTests: [{name: a, path: /etc/hosts, shouldExist: false}]", "should not exist but does"},
		{"mode of the engine's file", "fileExistenceTests: [{name: a, path: /etc/hosts, permissions: \"-rwxr-xr-x\", uid: 0, gid: 0}]", ""},
		{"the engine's directory", "fileExistenceTests: [{name: a, path: /dev/pts, permissions: drwxr-xr-x}]", ""},
		{"the engine's link", "fileExistenceTests: [{name: a, path: /etc/mtab, permissions: \"-rw-r--r--\"}]", "incorrect permissions"},
		{"owners", "fileExistenceTests: [{name: a, path: /etc/shadow, uid: 0, gid: 42}]", ""},
		{"wrong user", "fileExistenceTests: [{name: a, path: /etc/shadow, uid: 1}]", "incorrect user ownership. Expected: 1, Actual: 0"},
		{"wrong group", "fileExistenceTests: [{name: a, path: /etc/shadow, gid: 0}]", "incorrect group ownership. Expected: 0, Actual: 42"},
	}
}

func contents() []testCase {
	return []testCase{
		{"contents", "fileContentTests: [{name: a, path: /etc/group, expectedContents: [\"shadow:x:42\"], excludedContents: [wheel]}]", ""},
		{"contents through a link", "fileContentTests: [{name: a, path: /bin/link, expectedContents: [\"shadow:x:42\"]}]", ""},
		{"contents of the engine's file", "fileContentTests: [{name: a, path: /etc/hosts, excludedContents: [.]}]", ""},
		{"contents of the engine's link", "fileContentTests: [{name: a, path: /etc/mtab}]", "Failed to open /etc/mtab"},
		{"contents of a pipe", "fileContentTests: [{name: a, path: /bin/pipe}]", "Failed to open /bin/pipe"},
		{"contents of nothing", "fileContentTests: [{name: a, path: /etc/nothing}]", "Failed to open /etc/nothing"},
		{"contents of a directory", "fileContentTests: [{name: a, path: /etc}]", "is a directory"},
	}
}

func metadata() []testCase {
	return []testCase{
		{"metadata", "metadataTest: {envVars: [{key: GREETING, value: hello}, {key: PATH, value: b.n, isRegex: true}], unboundEnvVars: [{key: HOME}]}", ""},
		{"labels", "metadataTest: {labels: [{key: org.example.label, value: value}, {key: org.example.label, value: ^v, isRegex: true}]}", ""},
		{"words", "metadataTest: {entrypoint: [/bin/probe], cmd: [print]}", ""},
		{"workdir and user", "metadataTest: {workdir: /made/by/engine, user: root}", ""},
		{"ports", "metadataTest: {exposedPorts: [\"80\", \"53\"], unexposedPorts: [\"22\"]}", ""},
		{"port exposed", "metadataTest: {unexposedPorts: [\"53\"]}", "Port 53 should not be exposed"},
		{"volumes", "metadataTest: {volumes: [/data], unmountedVolumes: [/etc]}", ""},
		{"volume mounted", "metadataTest: {unmountedVolumes: [/data]}", "Volume /data should not be mounted"},
	}
}

func licenses() []testCase {
	return []testCase{
		{"licenses", "licenseTests: [{debian: true, files: [/usr/share/doc/good/copyright]}]", ""},
		{"bad license", "licenseTests: [{files: [/licenses/bad]}]", "license contains AGPL"},
	}
}
