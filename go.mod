module github.com/iptables-wrappers/iptables-wrappers

go 1.26.4

require (
	github.com/klauspost/compress v1.20.3
	github.com/sassoftware/go-rpmutils v0.4.0
	github.com/xi2/xz v0.0.0-20171230120015-48954b6210f8
	golang.org/x/sys v0.49.0
)

require (
	github.com/ProtonMail/go-crypto v1.5.2
	github.com/knqyf263/go-deb-version v0.0.0-20241115132648-6f4aee6ccd23
	go.starlark.net v0.0.0-20260908191801-89a6a09411d5
)

require (
	github.com/DataDog/zstd v1.5.7 // indirect
	github.com/cloudflare/circl v1.6.4 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	golang.org/x/crypto v0.58.0 // indirect
)
