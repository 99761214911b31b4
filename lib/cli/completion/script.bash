# Completion of docker-mtls for bash, written by: docker-mtls completion bash
# It doesn't start docker-mtls. After an update of docker-mtls, write it again.

# Sets spec to what can follow a command: commands, options, and = for an argument. After a = is the kind of the value:
# @file, @folder, @client, @server, @context, @text, or the possible words.
_docker_mtls_spec() {
  case $1 in
    # @@COMMANDS@@
    *) spec= ;;
  esac
}

_docker_mtls_offer() {
  [[ $1 != "$current"* ]] || COMPREPLY+=("$1")
}

# Names of files and contexts come from outside, so only harmless ones are offered, and each only once.
_docker_mtls_offer_name() {
  local index
  for ((index = 3; index < at; index++)); do [[ ${words[index]} != "$1" ]] || return 0; done
  [[ ! $1 =~ ^[A-Za-z0-9][A-Za-z0-9_.+-]*$ ]] || _docker_mtls_offer "$1"
}

_docker_mtls_paths() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$current")
}

_docker_mtls_folders() {
  local folder=@@FOLDER@@ path index
  for ((index = 1; index < at; index++)); do
    [[ ${words[index]} != --dir ]] || folder=${words[index + 1]}
    [[ ${words[index]} != --dir || $folder != = ]] || folder=${words[index + 2]}
  done
  for path in "${folder/#\~\//$HOME/}/$1"/*/; do
    path=${path%/}
    _docker_mtls_offer_name "${path##*/}"
  done
}

_docker_mtls_values() {
  local word
  case $1 in
    @file) _docker_mtls_paths -f ;;
    @folder) _docker_mtls_paths -d ;;
    @client) _docker_mtls_folders clients ;;
    @server)
      _docker_mtls_offer_name server
      _docker_mtls_folders hosts
      ;;
    @context)
      while IFS= read -r word; do _docker_mtls_offer_name "$word"; done < <(docker context ls -q 2>/dev/null)
      ;;
    @text) ;;
    *) for word in ${1//,/ }; do _docker_mtls_offer "$word"; done ;;
  esac
}

# Needs the line in words, and the index of the current word in at.
_docker_mtls_complete() {
  local IFS=$' \t\n' current=${words[at]-} option=${words[at - 1]-} spec='' path='' entry
  if [[ $current == = ]]; then current=; elif [[ $option == = ]]; then option=${words[at - 2]}; fi
  ((at < 2)) || path=${words[1]}
  ((at < 3)) || _docker_mtls_spec "$path ${words[2]}"
  if [[ -n $spec ]]; then path+=" ${words[2]}"; fi
  _docker_mtls_spec "$path"
  for entry in $spec; do
    if [[ $option == --* && $entry == "$option="* ]]; then
      _docker_mtls_values "${entry#*=}"
      return
    fi
  done
  for entry in $spec; do
    if [[ $entry == =* ]]; then
      [[ $current == -* ]] || _docker_mtls_values "${entry#=}"
    elif [[ $entry != -* || $current == -* || " $spec" != *' ='* ]]; then
      _docker_mtls_offer "${entry%%=*}"
    fi
  done
}

_docker_mtls() {
  local at=$COMP_CWORD words=("${COMP_WORDS[@]}")
  COMPREPLY=()
  _docker_mtls_complete
}

# npx docker-mtls, also with options of npx in between.
_docker_mtls_npx() {
  local at=$COMP_CWORD words=("${COMP_WORDS[@]}")
  COMPREPLY=()
  while ((at > 1)) && [[ ${words[1]} == -* ]]; do words=("${words[@]:1}") at=$((at - 1)); done
  ((at > 1)) && [[ ${words[1]} == docker-mtls ]] || return
  words=("${words[@]:1}") at=$((at - 1))
  _docker_mtls_complete
}

complete -F _docker_mtls docker-mtls
complete -p npx >/dev/null 2>&1 || complete -o default -F _docker_mtls_npx npx
