# Prints the facts that every host has, and changes nothing. fact-functions.sh and sockets.sh come before it.
#
# Parameters:
#   unit_files   patterns of the files of docker.service, separated by spaces
#   unit_folders  the folders of units, separated by spaces: a file in an earlier one hides those of the same name
#   written      the folders in which an apply writes, separated by spaces
#   properties   the properties of docker.service, separated by commas
: "${unit_files:?}" "${unit_folders:?}" "${written:?}" "${properties:?}"

# The programs of POSIX and coreutils that the functions need. Without this check, a missing program would make facts look
# absent.
for c in base64 basename cat chmod chown cp cut date dirname find grep head id ln ls mkdir mktemp mv readlink rm rmdir sed \
  sha256sum sort stat sync tail timeout uname; do
  command -v "$c" >/dev/null || {
    echo "there is no $c" >&2
    exit 1
  }
done

# Prints "PID UID PROGRAM" for each running dockerd, with PROGRAM encoded. Every user can start a program of this name, in a
# folder with any name.
running_dockerds() {
  for p in /proc/[0-9]*; do
    # A process may end at any time. read needs no process of its own, as cat would for each one on the host.
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null || continue
    test "$comm" = dockerd || continue
    printf '%s %s %s\n' "${p#/proc/}" "$(stat -c %u "$p")" "$(readlink -n "$p/exe" | b64)"
  done
}

# Prints the folder of Docker Desktop, if it is installed.
desktop() {
  for d in /opt/docker-desktop /mnt/wsl/docker-desktop; do
    if test -d "$d"; then
      echo "$d"
      return
    fi
  done
}

fact uid "$(id -u)"
fact user "$(id -un)"
fact kernel "$(uname -s)"
fact machine "$(uname -m)"
fact hostname "$(uname -n)"
if test -d /run/systemd/system; then fact systemd yes; else fact systemd no; fi
fact dockerd "$(command -v dockerd 2>/dev/null)"
fact docker "$(command -v docker 2>/dev/null)"
said service systemctl show docker.service -p "$properties"
said socket systemctl show docker.socket -p LoadState,ActiveState,Listen
said containerd systemctl show containerd.service -p LoadState,ActiveState
fact dockerds "$(running_dockerds)"
said listening ss -H -ltnp
fact sockets "$(sockets "$(dockerd_pid)")"
for f in $unit_files; do file "$f"; done
for f in /etc/docker/daemon.json /etc/default/docker /etc/sysconfig/docker; do file "$f"; done
file /etc/systemd/system/docker-mtls-gateway.service
# A gateway may have a service of another name, or start by a drop-in. Those that contain the word are read as a whole.
for d in $unit_folders; do grep -lsF gateway "$d"/*.service "$d"/*.service.d/*.conf; done | while IFS= read -r f; do is_hidden_unit "$f" || file "$f"; done
for f in /etc/subuid /etc/subgid /etc/passwd /etc/group /etc/login.defs /etc/os-release; do file "$f"; done
for f in $written; do writable "$f"; done
room /etc/docker
room /var/lib/docker-mtls
for f in /var/lib/docker-mtls/pending /var/lib/docker-mtls/last; do file "$f"; done
fact desktop "$(desktop)"
fact info "$(ask_docker info --format '{{json .}}')"
