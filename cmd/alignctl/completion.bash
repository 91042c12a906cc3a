# Completion of alignctl for bash 4.4 and newer: source <(alignctl completion bash)

_alignctl() {
	# The words up to the cursor. COMP_WORDS isn't used: it is split at : and =.
	local line="${COMP_LINE:0:COMP_POINT}" words answer
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	local current="${words[-1]}"
	mapfile -t answer < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	if [[ ${answer[0]} == :files ]]; then
		compopt -o default
		COMPREPLY=()
		return
	fi
	# Bash replaces only what stands after the last of these.
	local kept="" last="${current##*[:=]}"
	[[ $last != "$current" ]] && kept="${current%"$last"}"
	answer=("${answer[@]%%$'\t'*}")
	COMPREPLY=("${answer[@]#"$kept"}")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}

complete -F _alignctl alignctl
