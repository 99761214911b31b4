/** The address of a listener without TLS, in a warning of the daemon (moby, daemon/info.go: fillAPIInfo). */
export const WITHOUT_TLS: RegExp = /accessible on http:\/\/(\S+)/i
/** The address of a TLS listener that lets in clients without a certificate. */
export const WITHOUT_CLIENT_CERTIFICATE: RegExp = /accessible on https:\/\/(\S+) without TLS client verification/i
