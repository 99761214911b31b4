# Validates a configuration with the host's own systemd and dockerd before it is installed. The files are staged in a folder
# in memory.
#
# Parameters:
#   unit_file   the path of docker.service
#   stage       the placeholder for the folder in all texts and words
#   $1, $2 ...  the words of dockerd's command line
# and a function stage_files that calls  stage NAME  for each file, with its text on stdin.
#
# Exit codes: 3 systemd refuses the unit; 4 dockerd refuses its configuration.
: "${unit_file:?}" "${stage:?}"

# Remove the folders of killed validations, which contain a private key.
for d in /run/docker-mtls.*.*; do
  p=${d%.*}
  p=${p##*.}
  if test -d "$d" && ! test -d "/proc/$p"; then rm -rf -- "$d"; fi
done

d=$(mktemp -d "/run/docker-mtls.$$.XXXXXXXX") || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT PIPE TERM
umask 077
mkdir "$d/docker.service.d"
cp "$unit_file" "$d/docker.service"

stage() {
  sed "s#$stage#$d#g" >"$d/$1"
}
stage_files

for word; do
  shift
  while case $word in *"$stage"*) true ;; *) false ;; esac do
    word=${word%%"$stage"*}$d${word#*"$stage"}
  done
  set -- "$@" "$word"
done

# Only errors in this unit count. An older systemd also reports errors in the units that it depends on.
recursive=''
if systemd-analyze --help | grep -q recursive-errors; then recursive=--recursive-errors=no; fi
out=$(systemd-analyze verify --man=no ${recursive:+"$recursive"} "$d/docker.service" 2>&1) || {
  printf '%s\n' "$out" >&2
  exit 3
}
out=$("$@" 2>&1) || {
  printf '%s\n' "$out" >&2
  exit 4
}
