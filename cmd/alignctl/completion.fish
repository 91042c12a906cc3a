# Completion of alignctl for fish: alignctl completion fish | source

function __alignctl_complete
	set -l words (commandline -opc) (commandline -ct)
	set -l answer ($words[1] __complete $words[2..-1] 2>/dev/null)
	if test "$answer[1]" = ":files"
		__fish_complete_path (commandline -ct)
	else if test -n "$answer"
		printf '%s\n' $answer
	end
end

complete -c alignctl -f -a '(__alignctl_complete)'
