# Finds the copies of docker-mtls on this host, and prints a line for each:
#   remove NAME    nothing uses it
#   unit NAME      a unit of systemd names it
#   process NAME   a running process was started from it, or is in it
# Other files and folders are not copies, and stay.
#
# Parameters:
#   root       the folder of all copies
#   units      the folders of units, separated by spaces
#   leaving    the unit of a gateway that will be removed before the copies are; empty if there is none
#   removes    "yes" removes the copies that nothing uses, and the folder if nothing else is in it
: "${root:?}" "${units:?}" "${leaving?}" "${removes?}"
set -eu

# Succeeds if $1 is a name that copy.sh gives: VERSION-DIGEST, or .copy.XXXXXX for one that was cut off.
is_copy() {
  case $1 in
  *[!A-Za-z0-9.+-]*) return 1 ;;
  .copy.*) return 0 ;;
  [0-9]*-*) ;;
  *) return 1 ;;
  esac
  case ${1##*-} in
  *[!0-9a-f]*) return 1 ;;
  ????????????) ;;
  *) return 1 ;;
  esac
}

# Prints the folders of all processes but the one with the PID $1.
processes() {
  for p in /proc/[0-9]*; do
    if test "$p" != "/proc/$1"; then echo "$p"; fi
  done
}

pid=0
if test -n "$leaving"; then pid=$(systemctl show "$leaving" --value -p MainPID 2>/dev/null || echo 0); fi
# $units is a list.
# shellcheck disable=SC2086
in_units=$(grep -RahsF -D skip --exclude="${leaving:-/}" -e "$root/" $units || true)
# A process may end meanwhile.
in_processes=$(
  processes "$pid" | sed 's|$|/cmdline|' | xargs cat 2>/dev/null | tr '\0' '\n' | grep -aF "$root/" || true
  processes "$pid" | sed 's|.*|&/exe &/cwd|' | xargs readlink 2>/dev/null | grep -aF "$root/" || true
)

for folder in "$root"/[0-9]*-* "$root"/.copy.*; do
  name=${folder##*/}
  if test -h "$folder" || ! test -d "$folder" || ! is_copy "$name"; then continue; fi
  case $in_units in *"$folder"*)
    echo "unit $name"
    continue
    ;;
  esac
  case $in_processes in *"$folder"*)
    echo "process $name"
    continue
    ;;
  esac
  echo "remove $name"
  if test -n "$removes"; then rm -rf -- "$folder"; fi
done
if test -n "$removes"; then rmdir -- "$root" 2>/dev/null || true; fi
