# Completion of iptables-wrapper's own command line, for fish. A test (//packages:text_test) holds it to what the program says.

complete -c iptables-wrapper -f
complete -c iptables-wrapper -n __fish_use_subcommand -a install -d 'stand in for iptables and its sisters'
complete -c iptables-wrapper -n __fish_use_subcommand -a detect -d 'say which mode a call would use here, and why'
complete -c iptables-wrapper -n __fish_use_subcommand -a version -d 'print the version'
complete -c iptables-wrapper -n __fish_use_subcommand -a help -d 'print a summary'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from install' -l root -x -a '(__fish_complete_directories)' -d 'in the unpacked root file system at'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from install' -l nft-only -d 'in a root without the legacy variant'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from install' -l no-sanity-check -d 'also where the result might not work'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from install' -l dry-run -d 'print what would be changed'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from detect' -l output -x -a 'text json' -d 'for people or for programs'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from detect' -l wait -x -a '30s 2m' -d 'until kubelet has made its chain'
complete -c iptables-wrapper -n '__fish_seen_subcommand_from detect' -l check -d 'exit with 3 if both modes are in use'
