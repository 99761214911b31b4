# Completion of docker-mtls for fish, written by: docker-mtls completion fish
# It doesn't start docker-mtls. After an update of docker-mtls, write it again.

# Are these all words before the current one?
function __docker_mtls_is
    set -l words (commandline -opc)
    test "$words[2..]" = "$argv"
end

# Are these the first words?
function __docker_mtls_begins
    set -l words (commandline -opc)
    test (count $words) -gt (count $argv); and test "$words[2..$(math (count $argv) + 1)]" = "$argv"
end

# Does an argument of this command follow?
function __docker_mtls_operand
    __docker_mtls_begins $argv; and not string match -q -- '-*' (commandline -ct)
end

# Names that are not on the command line yet.
function __docker_mtls_untyped
    set -l words (commandline -opc)
    while read -l name
        contains -- $name $words[4..]; or echo $name
    end
end

function __docker_mtls_clients
    __docker_mtls_folders clients | __docker_mtls_untyped
end

function __docker_mtls_servers
    begin
        echo server
        __docker_mtls_folders hosts
    end | __docker_mtls_untyped
end

function __docker_mtls_folders
    set -l below $argv[1]
    set -l words (commandline -opc)
    set -l folder @@FOLDER@@
    for index in (seq 2 (count $words))
        switch $words[$index]
            case --dir
                test $index -lt (count $words); and set folder $words[(math $index + 1)]
            case '--dir=*'
                set folder (string replace -- --dir= '' $words[$index])
        end
    end
    path basename -- (path filter -d -- (string replace -r '^~/' $HOME/ -- $folder)/$below/*)
end

# npx docker-mtls, also with options of npx in between.
function __docker_mtls_by_npx
    string match -qr '^npx( -\S+)* docker-mtls(@\S+)?$' -- (string join -- ' ' (commandline -opc)); and return
    string match -qr '^npx( -\S+)* docker-mtls(@\S+)? ' -- (string join -- ' ' (commandline -opc))
end

function __docker_mtls_npx
    complete -C (string replace -r '^.*?docker-mtls(@\S+)? ' 'docker-mtls ' -- (commandline -pc))
end

complete -c docker-mtls -f
# @@COMMANDS@@
complete -c npx -f -n __docker_mtls_by_npx -a '(__docker_mtls_npx)'
