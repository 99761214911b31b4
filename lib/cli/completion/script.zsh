#compdef docker-mtls
# Completion of docker-mtls for zsh, written by: docker-mtls completion zsh
# It doesn't start docker-mtls. After an update of docker-mtls, write it again.

_docker_mtls_subcommands() {
  case $1 in
    # @@COMMANDS@@
  esac
}

_docker_mtls_specs() {
  case $1 in
    # @@SPECS@@
  esac
}

# Names that are not on the command line yet.
_docker_mtls_untyped() {
  local -a before=("${(@)words[2,CURRENT-1]}")
  local -a left=(${@:|before})
  compadd -a left
}

_docker_mtls_folders() {
  local folder=@@FOLDER@@ at=$words[(I)--dir] joined=$words[(I)--dir=*]
  (( ! at )) || folder=${(Q)words[at + 1]}
  (( ! joined )) || folder=${(Q)words[joined]#--dir=}
  local -a names=("${folder/#\~\//$HOME/}"/$1/*(N/:t))
  shift
  _docker_mtls_untyped "$@" $names
}

_docker_mtls_clients() { _docker_mtls_folders clients }

_docker_mtls_servers() { _docker_mtls_folders hosts server }

_docker_mtls_contexts() {
  local -a names=("${(@f)$(docker context ls -q 2>/dev/null)}")
  _docker_mtls_untyped $names
}

_docker_mtls() {
  local -a reply
  local taken= depth=1
  while (( CURRENT > depth )); do
    reply=()
    _docker_mtls_subcommands "$taken"
    (( $#reply )) || break
    if (( CURRENT == depth + 1 )); then
      if [[ $words[CURRENT] != -* ]]; then
        _describe -t commands command reply
        return
      fi
      break
    fi
    (( ++depth ))
    taken="${taken:+$taken }$words[depth]"
  done
  reply=()
  _docker_mtls_specs "$taken"
  (( $#reply )) || return 1
  shift $(( depth - 1 )) words
  (( CURRENT -= depth - 1 ))
  _arguments : $reply
}

# npx docker-mtls, also with options of npx in between.
_docker_mtls_npx() {
  local at=2
  while (( at < CURRENT )) && [[ $words[at] == -* ]]; do (( ++at )); done
  if (( at < CURRENT )) && [[ $words[at] == docker-mtls(|@*) ]]; then
    shift $(( at - 1 )) words
    (( CURRENT -= at - 1 ))
    _docker_mtls
  else
    _default
  fi
}

if (( ! ${+functions[compdef]} )); then
  autoload -Uz compinit && compinit
fi
(( ${+_comps[npx]} )) || compdef _docker_mtls_npx npx
# A file in fpath is called to complete; one that is sourced is only registered.
if [[ $funcstack[1] == _docker-mtls ]]; then
  _docker_mtls "$@"
else
  compdef _docker_mtls docker-mtls
fi
