// The compiler accepts functions without a body only in a package with an assembly file.
