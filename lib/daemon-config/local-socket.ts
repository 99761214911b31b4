/** Where a daemon of systemd's listens for its own host (docker.socket). */
export const LOCAL_SOCKET = 'unix:///run/docker.sock'
