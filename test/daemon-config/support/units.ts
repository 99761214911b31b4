/** What matters of the unit in Debian's docker.io 26.1.5. */
export const DEBIAN_UNIT = `[Unit]
Description=Docker Application Container Engine
After=network-online.target docker.socket
Requires=docker.socket

[Service]
Type=notify
# kept as the package has it, with its comment
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStartSec=0
Restart=always
KillMode=process

[Install]
WantedBy=multi-user.target
`

/** What matters of the unit in docker-ce. */
export const DOCKER_CE_UNIT_TEXT = `[Unit]
Description=Docker Application Container Engine
Requires=docker.socket

[Service]
Type=notify
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID

[Install]
WantedBy=multi-user.target
`
