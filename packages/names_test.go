package packages_test

// name is the name of the binary and of the packages.
const name = "iptables-wrapper"
