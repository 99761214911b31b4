# Completes lines in a real zsh, by its line editor: zsh -f capture.zsh SCRIPT FOLDER LINE...
# For each line, the file FOLDER/NUMBER gets the matches, with their descriptions. FOLDER/NUMBER.end says that it is complete.
zmodload zsh/zpty
script=$1 folder=$2
shift 2
cat > $folder/setup <<END
PS1=
autoload -Uz compinit && compinit -u -D
source ${(q)script}
out=${(q)folder}
number=0
END
cat >> $folder/setup <<'END'
compadd() {
  # With -O, -A or -D it only prepares matches.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  typeset -a __hits __about
  typeset __at=${@[(i)-d]}
  if (( __at < $# )); then __about=("${(@P)@[__at+1]}"); fi
  builtin compadd -A __hits -D __about "$@"
  for (( __at = 1; __at <= $#__hits; __at++ )); do print -r -- "$__hits[__at] ${__about[__at]-}"; done >> $out/$number
  builtin compadd "$@"
}
completed() { touch $out/$(( number++ )).end; comppostfuncs=(completed) }
comppostfuncs=(completed)
# Descriptions are cut to the width.
stty cols 300
touch $out/ready
END
wait-for() {
  local left=1000
  while [[ ! -e $folder/$1 ]] && (( left-- )); do
    zpty -r -t shell seen
    sleep 0.01
  done
}
zpty shell zsh -f -i
zpty -w shell "source ${(q)folder}/setup"
wait-for ready
number=0
for line in "$@"; do
  # Control-U empties the line.
  zpty -n -w shell $'\C-U'$line$'\t'
  wait-for $(( number++ )).end
done
zpty -d shell
