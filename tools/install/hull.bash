# Bash completion of hull. Commands and flags are asked of the program itself, so they are always its
# own; a word that is neither is a container id, or a file where the flag before it takes one.
# shellcheck shell=bash disable=SC2207

_hull() {
  local hull=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' root=() i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --root | --log | --log-format | --log-level | --cgroup-manager | --rootless | --criu)
        [ "${COMP_WORDS[i]}" != --root ] || root=(--root "${COMP_WORDS[i + 1]}")
        ((i++))
        [ "${COMP_WORDS[i]}" != = ] || ((i++))
        ;;
      -* | =) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done

  case $before in
    --log-format) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
    --format | -f)
      [ "$command" = delete ] || { COMPREPLY=($(compgen -W "table json" -- "$word")); return; } ;;
    --cgroup-manager) COMPREPLY=($(compgen -W "auto cgroupfs systemd disabled" -- "$word")); return ;;
    --bundle | -b | --root | --cwd) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --log | --pid-file | --console-socket | --pidfd-socket | --config | --process | -p | --resources | -r)
      COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac

  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$("$hull" $command --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')" -- "$word"))
  elif [ -z "$command" ]; then
    COMPREPLY=($(compgen -W "$(_hull_commands "$hull")" -- "$word"))
  elif [ "$command" = help ]; then
    COMPREPLY=($(compgen -W "$(_hull_commands "$hull")" -- "$word"))
  elif [ "$command" = kill ] && [ "$(_hull_positional "$i")" -gt 0 ]; then
    COMPREPLY=($(compgen -W "TERM KILL INT HUP QUIT USR1 USR2 STOP CONT" -- "$word"))
  elif [[ $command =~ ^(start|state|kill|delete|exec|pause|resume|ps|events|update)$ ]]; then
    COMPREPLY=($(compgen -W "$("$hull" "${root[@]}" list --quiet 2>/dev/null)" -- "$word"))
  fi
}

# Words of the help's list of commands: two blanks, the name, its one-line summary.
_hull_commands() {
  "$1" --help 2>/dev/null | sed -nE '/^[Cc]ommands:/,/^$/s/^ +([a-z][a-z-]*)( .*|$)/\1/p'
}

# How many words that are no flags stand between the command (word $1) and the cursor.
_hull_positional() {
  local i count=0
  for ((i = $1 + 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] || ((count++))
  done
  echo "$count"
}

complete -F _hull hull
