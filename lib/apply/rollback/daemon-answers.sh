# Succeeds if dockerd answers on its own host. Its exit code is 10 while systemd starts dockerd, as long as its unit allows.
# Being active already means that it is ready: its unit has Type=notify, so dockerd itself tells systemd.
case $(systemctl show docker.service --value -p SubState) in start*) exit 10 ;; esac
systemctl is-active --quiet docker.service || {
  systemctl is-active docker.service >&2
  exit 1
}
if command -v docker >/dev/null; then timeout 30 docker -H unix:///run/docker.sock version >/dev/null; fi
