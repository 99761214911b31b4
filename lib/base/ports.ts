/** IANA's docker-s, for TLS. */
export const TLS_PORT = 2376
/** IANA's docker: what dockerd serves without TLS. Whoever reaches it is root on the host. */
export const PLAINTEXT_PORT = 2375
