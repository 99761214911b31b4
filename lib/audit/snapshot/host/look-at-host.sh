# Prints the facts about a host that the audit needs, by the functions of look.sh, and changes nothing.
#
# Parameters:
#   root          the folder with /etc, /run and so on, or empty for /
#   proc          the folder of processes
#   rootless      yes if the daemon runs rootless
#   socket        the local socket of the daemon, or empty
#   data_root     the data folder of the daemon, or empty
#   unit_folders  the folders of systemd's units, separated by spaces
: "${root?}" "${proc:?}" "${rootless:?}" "${socket?}" "${data_root?}" "${unit_folders:?}" "${me:?}"

for c in base64 cut grep head id readlink sed sha256sum sort stat tail timeout tr uname; do
  command -v "$c" >/dev/null || {
    echo "there is no $c" >&2
    exit 1
  }
done

# Prints the processes called dockerd that may be the daemon. Other users can give a process that name.
dockerds() {
  for d in "$proc"/[0-9]*; do
    { read -r comm <"$d/comm"; } 2>/dev/null || continue
    test "$comm" = dockerd || continue
    uid=$(stat -c %u "$d" 2>/dev/null)
    if test "$rootless" = yes; then
      test "$uid" != 0 || continue
      test "$me" = 0 || test "$uid" = "$me" || continue
    else
      test "$uid" = 0 || continue
    fi
    printf '%s\n' "${d##*/}"
  done
}

# Of the processes $@, prints those in our mount namespace: a daemon in a container reads files of its own.
of_this_host() {
  ours=$(readlink "$proc/self/ns/mnt")
  for d; do
    theirs=$(readlink "$proc/$d/ns/mnt" 2>/dev/null)
    if test -z "$theirs" || test "$theirs" = "$ours"; then printf '%s\n' "$d"; fi
  done
}

# Of the processes $@, prints those that hold the socket on which the daemon listens (proc_net(5), unix).
listening_on_socket() {
  while read -r _ _ _ flags _ _ inode path; do
    if test "$flags" = 00010000 && test -n "$path" && test "${path#/var}" = "${socket#/var}"; then
      for d; do
        # find -lname would be an alternative, but only GNU has it.
        # shellcheck disable=SC2010
        if ls -l "$proc/$d/fd" 2>/dev/null | grep -qF "socket:[$inode]"; then printf '%s\n' "$d"; fi
      done
    fi
  done <"$proc/net/unix"
}

# Prints the process of the daemon, if that is certain.
daemon() {
  # Numbers of processes.
  # shellcheck disable=SC2046
  set -- $(dockerds)
  test $# -gt 1 || {
    printf '%s\n' "$@"
    return
  }
  main=$(ask_systemd show docker.service -p MainPID --value)
  # shellcheck disable=SC2046
  if test "$rootless" != yes; then set -- $(of_this_host "$@"); fi
  # shellcheck disable=SC2046
  if test $# -gt 1 && test -n "$socket"; then set -- $(listening_on_socket "$@" | sort -u); fi
  case $# in
  0) dockerds | grep -x -e "${main:-none}" ;;
  1) printf '%s\n' "$1" ;;
  esac
}

# Prints the folders of the daemon's TLS files.
tls_folders() {
  for name in tlscacert tlscert tlskey; do values "$name"; done | sed -n 's,^\(/.*\)/[^/]*$,\1,p' | sort -u
}

look_at_host() {
  owner=$me
  pid=$(daemon)
  unit=
  if test -n "$pid"; then
    owner=$(stat -c %u "$proc/$pid")
    contents argv <"$proc/$pid/cmdline"
    entry sockets "$(sockets "$pid")"
    entry daemon_uid "$owner"
    unit=$(sed -n 's,^.*/\([A-Za-z0-9:_.@-]*\.service\)$,\1,p' "$proc/$pid/cgroup" 2>/dev/null | head -n 1)
    tr '\0' '\n' <"$proc/$pid/environ" 2>/dev/null | grep -q -x -e 'DOCKER_INSECURE_NO_IPTABLES_RAW=1' &&
      entry insecure_raw yes
    test -r "$proc/$pid/environ" && entry environ yes
  fi
  unit=${unit:-docker.service}
  etc=/etc/docker run=/run home=$(home_of 0)
  if test "$rootless" = yes; then
    home=$(home_of "$owner")
    etc=$home/.config/docker run=/run/user/$owner
  fi
  entry uid "$me"
  entry hostname "$(uname -n)"
  entry unit "$unit"

  config_file=$(values config-file | tail -n 1)
  config_file=${config_file:-$etc/daemon.json}
  entry config_file "$config_file"
  case $config_file in
  /*)
    look config-folder "${config_file%/*}"
    text daemon-json "$config_file"
    parents "$root${config_file%/*}" >&3
    ;;
  esac

  if test "$rootless" = yes; then
    units_in "$home/.config/systemd/user" /etc/systemd/user /usr/lib/systemd/user
    # shellcheck disable=SC2086
    services_in "$home/.config/systemd/user" /etc/systemd/user $unit_folders
  else
    # shellcheck disable=SC2086
    units_in $unit_folders
    # shellcheck disable=SC2086
    services_in $unit_folders
    look defaults /etc/default/docker
    look sysconfig /etc/sysconfig/docker
    registries_in "$etc/certs.d"
    look containerd-config /etc/containerd/config.toml
    look containerd-folder /run/containerd
    for name in dockerd containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 runc; do program "$name"; done
    {
      echo docker
      values group
    } | sort -u | while IFS= read -r name; do members "$name"; done
    audit_rules
  fi

  service_files
  plugin_places
  ssh_keys_in "$home"

  for name in tlscacert tlscert tlskey; do
    values "$name" | grep '^/' | while IFS= read -r path; do look "$name" "$path"; done
  done

  tls_folders | while IFS= read -r path; do parents "$root$path" >&3; done
  {
    tls_folders
    printf '%s\n' "$home/.docker"
  } | sort -u | while IFS= read -r path; do keys_in "$path"; done
  if test "$rootless" != yes; then
    for f in "$root/home"/*/.docker; do
      if test -d "$f"; then keys_in "${f#"$root"}"; fi
    done
  fi

  {
    printf '%s\n' "$socket" "$run/docker.sock"
    sockets_of_dockerd
  } | sed 's,^/var/run/,/run/,' | sort -u | while IFS= read -r path; do
    if test -n "$path"; then look api-socket "$path"; fi
  done
  {
    printf '%s\n' "$run/containerd/containerd.sock" "$run/docker/containerd/containerd.sock"
    values containerd | grep '^/'
  } | sort -u | while IFS= read -r path; do look containerd-socket "$path"; done
  if test -n "$data_root"; then devices "$data_root"; fi

  if test -z "$root" && test -d /run/systemd/system; then
    entry systemd yes
    entry state "$(ask_systemd show "$unit" -p LoadState,NeedDaemonReload)"
    if test "$rootless" != yes && test "$me" = 0; then
      timeout 20 systemd-analyze verify --man=no "$unit" 2>&1 </dev/null | head -c 8192 | contents verify
    fi
  fi
  entry end yes
}

# One fact for all entries: base64 for each would be most of the work. Its line begins when the facts on 3 have ended.
{
  look_at_host | {
    entries=$(b64)
    printf 'fact %s %s\n' "$(encode entries)" "$entries"
  }
} 3>&1
