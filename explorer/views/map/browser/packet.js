// Packets from Python: a JSON header with arrays and a picture behind it.
// Bytes 0 to 3: the header's length, little-endian; "arrays": name → [type, offset, length].

const TYPES = {
  float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,
};

function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.subarray(4 + length);
  for (const [name, [type, offset, size]] of Object.entries(header.arrays)) {
    header[name] = new TYPES[type](body.slice(offset, offset + size).buffer);
  }
  return header;
}
