/**
 * The only file of node-forge that we load: its ASN.1 codec, which only encodes. The whole of node-forge takes more than twice as long to
 * import, and contains cryptography in JavaScript that we don't use. The published types cover only the whole.
 */
declare module 'node-forge/lib/asn1.js' {
  namespace asn1 {
    interface Asn1 {
      tagClass: number
      type: number
      constructed: boolean
      /** A string has one character for each byte. */
      value: string | Asn1[]
    }
    interface ByteBuffer {
      getBytes(): string
    }
    const Class: { readonly UNIVERSAL: 0; readonly CONTEXT_SPECIFIC: 0x80 }
    function create(tagClass: number, type: number, constructed: boolean, value: string | Asn1[]): Asn1
    function toDer(element: Asn1): ByteBuffer
    function oidToDer(dotted: string): ByteBuffer
  }
  export = asn1
}
