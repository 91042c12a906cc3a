#compdef alignctl
# Completion of alignctl for zsh: source <(alignctl completion zsh), after compinit;
# or write it to a file _alignctl in a folder of $fpath.

_alignctl() {
	local -a answer names shown
	answer=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ ${answer[1]} == :files ]]; then
		_files
		return
	fi
	local line
	for line in "${answer[@]}"; do
		[[ -z $line ]] && continue
		names+=("${line%%$'\t'*}")
		shown+=("${line/$'\t'/  -- }")
	done
	compadd -l -d shown -- "${names[@]}"
}

if [[ ${funcstack[1]} == _alignctl ]]; then
	_alignctl "$@"
else
	compdef _alignctl alignctl
fi
