package trees

import "bytes"

// emptyGeoIP stands for the one file that is made and not embedded.
const emptyGeoIP = "(made)"

// emptyDatabase is a MaxMind database (format 2.0) of type GeoLite2-City that
// knows no address: a search tree of one node whose two ways lead nowhere.
func emptyDatabase() []byte {
	var b bytes.Buffer
	b.Write([]byte{0, 0, 1, 0, 0, 1}) // both records name "not found": the number of nodes
	b.Write(make([]byte, 16))         // separates tree and data
	b.WriteString("\xab\xcd\xefMaxMind.com")
	b.WriteByte(0xe0 | 9)
	number := func(key string, control, extended byte, value ...byte) {
		text(&b, key)
		b.WriteByte(control | byte(len(value)))
		if extended != 0 {
			b.WriteByte(extended)
		}
		b.Write(value)
	}
	const uint16Type, uint32Type, uint64Extended, arrayExtended = 0xa0, 0xc0, 2, 4
	number("binary_format_major_version", uint16Type, 0, 2)
	number("binary_format_minor_version", uint16Type, 0)
	number("build_epoch", 0, uint64Extended, 0x5e, 0x0b, 0xe1, 0x00)
	text(&b, "database_type")
	text(&b, "GeoLite2-City")
	text(&b, "description")
	b.WriteByte(0xe0 | 1)
	text(&b, "en")
	text(&b, "no address")
	number("ip_version", uint16Type, 0, 6)
	text(&b, "languages")
	b.Write([]byte{1, arrayExtended})
	text(&b, "en")
	number("node_count", uint32Type, 0, 1)
	number("record_size", uint16Type, 0, 24)
	return b.Bytes()
}

// text writes a string of fewer than 29 bytes as the format wants it.
func text(b *bytes.Buffer, s string) {
	b.WriteByte(0x40 | byte(len(s)))
	b.WriteString(s)
}
