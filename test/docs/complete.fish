# Prints what fish offers at the end of each argument.
source $COMPLETIONS/jobserver-tools.fish

for line in $argv
    echo "# $line"
    complete -C $line
end
