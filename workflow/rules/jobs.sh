# What the rules' shell commands are made of; every job reads it (common.smk).

# python SCRIPT …: as a copy of the fork server (generality.runtime.fork) where one runs, of the same python and number of threads.
python() {
    if [ "${GENERALITY_FORK_SERVER:-}" ] && [ "${1:0:1}" != - ] && [ "${OMP_NUM_THREADS:-}" = 1 ] \
        && [ "$(type -P python)" = "$GENERALITY_FORK_PYTHON" ]; then
        command python -IS "$PYTHONPATH/generality/runtime/fork/client.py" "$@"
    else
        command python "$@"
    fi
}

# launch GPUS SCRIPT…: a script in a process for each of a job's GPUs. It is a function of the shell, not a parameter of
# the rules, for a model is not out of date because another number of GPUs was asked for. After `--` torchrun reads no
# options: it would take a script's `--log` for a short form of one of its own.
launch() {
    if [ "$1" -gt 1 ]; then
        python -m torch.distributed.run --standalone --nproc-per-node "$1" -- "${@:2}"
    else
        python "${@:2}"
    fi
}

# cached INPUTS -- OUTPUTS -- COMMAND: a command, unless the run cache (generality.runtime.run_cache) is on and has what it makes.
# Whatever goes wrong with the cache, the command runs, and its success is the job's.
cached() {
    local job=("$@") key
    while [ "$1" != -- ]; do shift; done
    shift
    while [ "$1" != -- ]; do shift; done
    shift
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
