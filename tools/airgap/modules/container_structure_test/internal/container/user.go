package container

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// identity contains the ids of a user name inside an image.
type identity struct {
	uid, gid uint32
	groups   []uint32 // supplementary
	home     string
}

// lookUp resolves "user", "uid", or either with ":group" or ":gid", in the image's own /etc/passwd and /etc/group. A number
// that is in neither file is used as an id. "" means root.
func lookUp(root, user string) (identity, error) {
	name, group, hasGroup := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	result := identity{home: "/"}
	passwd, err := readColons(root, "/etc/passwd")
	if err != nil {
		return identity{}, err
	}
	groups, err := readColons(root, "/etc/group")
	if err != nil {
		return identity{}, err
	}
	// passwd(5): name:password:UID:GID:GECOS:directory:shell
	entry := slices.IndexFunc(passwd, func(f []string) bool { return len(f) >= 6 && (f[0] == name || f[2] == name) })
	if entry >= 0 {
		fields := passwd[entry]
		name = fields[0]
		if result.uid, err = parseID(fields[2]); err != nil {
			return identity{}, fmt.Errorf("/etc/passwd: %s: %w", name, err)
		}
		if result.gid, err = parseID(fields[3]); err != nil {
			return identity{}, fmt.Errorf("/etc/passwd: %s: %w", name, err)
		}
		if fields[5] != "" {
			result.home = fields[5]
		}
	} else if result.uid, err = parseID(name); err != nil {
		return identity{}, fmt.Errorf("user %q is not in the image's /etc/passwd", name)
	}
	if hasGroup {
		// group(5): name:password:GID:members
		found := slices.IndexFunc(groups, func(f []string) bool { return len(f) >= 3 && (f[0] == group || f[2] == group) })
		if found >= 0 {
			group = groups[found][2]
		}
		if result.gid, err = parseID(group); err != nil {
			return identity{}, fmt.Errorf("group %q is not in the image's /etc/group", group)
		}
		return result, nil
	}
	for _, fields := range groups {
		if len(fields) < 4 || !slices.Contains(strings.Split(fields[3], ","), name) {
			continue
		}
		gid, err := parseID(fields[2])
		if err != nil {
			return identity{}, fmt.Errorf("/etc/group: %s: %w", fields[0], err)
		}
		result.groups = append(result.groups, gid)
	}
	return result, nil
}

func parseID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	return uint32(id), err
}

// readColons splits the lines of a file at colons. If the image lacks the file, there are no lines.
func readColons(root, name string) ([][]string, error) {
	path, err := securejoin.SecureJoin(root, name)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var lines [][]string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		lines = append(lines, strings.Split(scanner.Text(), ":"))
	}
	return lines, scanner.Err()
}
