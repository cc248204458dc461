# Functions of the shell for the rules' commands; every job reads this file (common.smk).

# python SCRIPT …: run a script as a copy of the fork server (generality.runtime.fork), if one runs with the same python
# and number of threads, and else as a new process.
python() {
    if [ "${GENERALITY_FORK_SERVER:-}" ] && [ "${1:0:1}" != - ] && [ "${OMP_NUM_THREADS:-}" = 1 ] \
        && [ "$(type -P python)" = "$GENERALITY_FORK_PYTHON" ]; then
        command python -IS "$PYTHONPATH/generality/runtime/fork/client.py" "$@"
    else
        command python "$@"
    fi
}

# run SCRIPT …: run a script of the library. Scripts are no inputs of the rules: a parameter `code` tells of edits.
run() {
    python "$PYTHONPATH/scripts/$1.py" "${@:2}"
}

# launch GPUS SCRIPT…: run a script in one process for each of a job's GPUs. This is a function of the shell and no
# parameter of the rules, so that another number of GPUs makes no model out of date. After `--` torchrun reads no
# options: it would take a script's `--log` for a short form of one of its own.
launch() {
    if [ "$1" -gt 1 ]; then
        python -m torch.distributed.run --standalone --nproc-per-node "$1" -- \
            "$PYTHONPATH/scripts/$2.py" "${@:3}"
    else
        run "${@:2}"
    fi
}

# cached CODE -- INPUTS -- OUTPUTS -- COMMAND: run a command, unless the run cache (generality.runtime.run_cache) is on
# and has its outputs. If the cache fails, the command runs all the same, and its success is the job's.
cached() {
    local job=("$@") key part
    for part in code inputs outputs; do
        while [ "$1" != -- ]; do shift; done
        shift
    done
    if [ ! -d results/.cache ]; then
        "$@"
        return
    fi
    key=$(python -m generality.runtime.run_cache look "${job[@]}") || key=unknown
    if [ "$key" != found ]; then
        "$@"
        python -m generality.runtime.run_cache keep "$key" "${job[@]}" || true
    fi
}
