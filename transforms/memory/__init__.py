"""The translation memory, which avoids translating the same text twice. Independent of Beam, hosts and texts."""
