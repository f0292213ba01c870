package packages_test

// name is the program's, and the packages'.
const name = "iptables-wrapper"
