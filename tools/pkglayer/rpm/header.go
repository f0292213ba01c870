package rpm

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sassoftware/go-rpmutils"
)

// Sizes in rpm's file format, and rpm's own maximum for the tags of a header (lib/header.c).
const (
	leadSize  = 96
	introSize = 16
	entrySize = 16
	maxTags   = 0xffff
	leadMagic = 0xedabeedb
	// Three bytes of magic number, and version 1 of the format.
	headerMagic = 0x8eade801
)

// CheckHeaders checks the sizes that go-rpmutils allocates and the offsets at which it slices, which that library does
// not check. Call it before any function of the library. It returns the offset of the payload.
func CheckHeaders(whole []byte) (int, error) {
	if len(whole) < leadSize || binary.BigEndian.Uint32(whole) != leadMagic {
		return 0, errors.New("not an RPM package")
	}
	end, err := checkHeader(whole, leadSize)
	if err != nil {
		return 0, fmt.Errorf("signature: %w", err)
	}
	// The signature is padded to a multiple of eight bytes.
	end += (8 - (end-leadSize)%8) % 8
	if end, err = checkHeader(whole, end); err != nil {
		return 0, fmt.Errorf("header: %w", err)
	}
	return end, nil
}

func checkHeader(whole []byte, begin int) (end int, err error) {
	if len(whole)-begin < introSize {
		return 0, errors.New("truncated")
	}
	intro := whole[begin:]
	if binary.BigEndian.Uint32(intro) != headerMagic {
		return 0, errors.New("corrupt: wrong magic number")
	}
	tags, size := int64(binary.BigEndian.Uint32(intro[8:])), int64(binary.BigEndian.Uint32(intro[12:]))
	if tags > maxTags {
		return 0, fmt.Errorf("corrupt: %d tags", tags)
	}
	if length := introSize + entrySize*tags + size; length > int64(len(intro)) {
		return 0, fmt.Errorf("truncated: %d of %d bytes", len(intro), length)
	}
	for i := range tags {
		if err := checkEntry(intro[introSize+entrySize*i:], size); err != nil {
			return 0, err
		}
	}
	return begin + introSize + int(entrySize*tags+size), nil
}

// checkEntry compares one tag with the size of the data that it points into.
func checkEntry(entry []byte, size int64) error {
	tag := binary.BigEndian.Uint32(entry)
	kind := binary.BigEndian.Uint32(entry[4:])
	offset, count := int64(binary.BigEndian.Uint32(entry[8:])), int64(binary.BigEndian.Uint32(entry[12:]))
	width := int64(1) // size of the smallest element; that of a string is its final NUL
	switch kind {
	case rpmutils.RPM_NULL_TYPE:
		width = 0
	case rpmutils.RPM_INT16_TYPE:
		width = 2
	case rpmutils.RPM_INT32_TYPE:
		width = 4
	case rpmutils.RPM_INT64_TYPE:
		width = 8
	case rpmutils.RPM_CHAR_TYPE, rpmutils.RPM_INT8_TYPE, rpmutils.RPM_BIN_TYPE,
		rpmutils.RPM_STRING_TYPE, rpmutils.RPM_STRING_ARRAY_TYPE, rpmutils.RPM_I18NSTRING_TYPE:
	default:
		return fmt.Errorf("corrupt: tag %d: type %d", tag, kind)
	}
	if count == 0 || offset+width*count > size {
		return fmt.Errorf("corrupt: tag %d: %d values at %d of %d bytes", tag, count, offset, size)
	}
	return nil
}

// listFiles returns the files in the header. Each property of the files is a separate array. The library assumes,
// without a check, that all arrays are as long as that of the names.
func listFiles(header *rpmutils.RpmHeader) ([]rpmutils.FileInfo, error) {
	names, err := fileNames(header)
	if err != nil {
		return nil, err
	}
	for _, tag := range []int{
		rpmutils.FILEUSERNAME, rpmutils.FILEGROUPNAME, rpmutils.FILEDIGESTS, rpmutils.FILELINKTOS,
		rpmutils.FILESIZES, rpmutils.LONGFILESIZES, rpmutils.FILEFLAGS, rpmutils.FILEMTIMES, rpmutils.FILEMODES,
		rpmutils.FILEDEVICES, rpmutils.FILEINODES,
	} {
		if !header.HasTag(tag) {
			continue
		}
		count := 0
		if texts, err := header.GetStrings(tag); err == nil {
			count = len(texts)
		} else if numbers, err := header.GetUint64s(tag); err == nil {
			count = len(numbers)
		}
		if count != names {
			return nil, fmt.Errorf("corrupt: tag %d is of %d files, but there are %d", tag, count, names)
		}
	}
	return header.GetFiles()
}

// fileNames returns the number of file names in the header, after it has checked the indices of their directories.
func fileNames(header *rpmutils.RpmHeader) (int, error) {
	if header.HasTag(rpmutils.OLDFILENAMES) {
		names, err := header.GetStrings(rpmutils.OLDFILENAMES)
		return len(names), err
	}
	if !header.HasTag(rpmutils.BASENAMES) {
		return 0, nil
	}
	names, err := header.GetStrings(rpmutils.BASENAMES)
	if err != nil {
		return 0, err
	}
	directories, err := header.GetStrings(rpmutils.DIRNAMES)
	if err != nil {
		return 0, err
	}
	indices, err := header.GetUint32s(rpmutils.DIRINDEXES)
	if err != nil {
		return 0, err
	}
	if len(indices) != len(names) {
		return 0, fmt.Errorf("corrupt: %d files in directories, but %d files", len(indices), len(names))
	}
	for i, index := range indices {
		if int64(index) >= int64(len(directories)) {
			return 0, fmt.Errorf("corrupt: file %q in directory %d of %d", names[i], index, len(directories))
		}
	}
	return len(names), nil
}
