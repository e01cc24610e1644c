#!/usr/bin/env bash
# What Snakemake asks of a scheduler, as commands of four of them. Change what your site does differently.
#   scheduler.sh submit SCHEDULER QUEUE THREADS MEGABYTES MINUTES GPUS EXCLUSIVE JOBSCRIPT   prints the job's id
#   scheduler.sh status SCHEDULER ID                                    prints running, success or failed
# EXCLUSIVE 1: the job needs a machine for itself. A scheduler that does not answer counts as running.
set -euo pipefail

action=$1 scheduler=$2
shift 2
logs=.snakemake/scheduler_logs

submit() {
  local queue=$1 threads=$2 memory=$3 minutes=$4 gpus=$5 exclusive=$6 script=$7 extra=()
  mkdir -p "$logs"
  case $scheduler in
    slurm)
      if ((gpus)); then extra+=("--gpus=$gpus"); fi
      if ((exclusive)); then extra+=(--exclusive); fi
      sbatch --parsable --partition="$queue" --ntasks=1 --cpus-per-task="$threads" --mem="$memory" \
        --time="$minutes" --output="$logs/%j.log" "${extra[@]}" "$script"
      ;;
    lsf) # memory of the whole job on one host, with its unit: LSF's own is KB, or what the site made of it
      if ((gpus)); then extra+=(-gpu "num=$gpus"); fi
      if ((exclusive)); then extra+=(-x); fi
      bsub -q "$queue" -n "$threads" -R "span[hosts=1] rusage[mem=${memory}MB]" -M "${memory}MB" -W "$minutes" \
        -o "$logs/%J.log" "${extra[@]}" "$script" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
      ;;
    sge) # memory is counted per slot; the parallel environment is called smp at many sites
      if ((gpus)); then extra+=(-l "gpu=$gpus"); fi
      if ((exclusive)); then extra+=(-l exclusive=true); fi
      qsub -terse -cwd -V -S /bin/bash -q "$queue" -pe smp "$threads" -l "h_vmem=$(((memory + threads - 1) / threads))M" \
        -l "h_rt=$((minutes * 60))" -j y -o "$logs" "${extra[@]}" "$script"
      ;;
    pbs)
      local select="select=1:ncpus=$threads:mem=${memory}mb"
      if ((gpus)); then select+=":ngpus=$gpus"; fi
      if ((exclusive)); then extra+=(-l place=excl); fi
      qsub -V -q "$queue" -l "$select" -l "walltime=$((minutes * 60))" -j oe -o "$logs/" "${extra[@]}" "$script"
      ;;
  esac
}

# The scheduler's word for the state, or nothing where it did not answer.
state() {
  local id=$1 answer
  case $scheduler in
    slurm)
      answer=$(squeue --noheader --states=all --format=%T --jobs="$id" 2>&1 || true)
      if [[ $answer == *"Invalid job id"* ]]; then # forgotten; the accounting knows it, where there is one
        answer=$(sacct --noheader --parsable2 --allocations --format=State --jobs="$id" 2>/dev/null || true)
        answer=${answer:-FORGOTTEN}
      fi
      echo "$answer"
      ;;
    lsf) bjobs -noheader -o stat "$id" ;;
    sge)
      if qstat -j "$id" >/dev/null; then
        echo RUNNING
      else
        qacct -j "$id" | awk '$1 == "failed" || $1 == "exit_status" { seen = 1; bad += ($2 != 0) }
          END { if (seen) print bad ? "EXIT" : "DONE" }'
      fi
      ;;
    pbs) qstat -x -f "$id" | awk -F " = " '/job_state/ { state = $2 } /Exit_status/ { code = $2 }
      END { if (state == "F") print code == 0 ? "DONE" : "EXIT" }' ;;
  esac
}

case $action in
  submit) submit "$@" ;;
  status)
    case $(state "$1" 2>/dev/null || true) in
      DONE | COMPLETED*) echo success ;;
      EXIT | BOOT_FAIL* | CANCELLED* | DEADLINE* | FAILED* | FORGOTTEN | NODE_FAIL* | OUT_OF_ME* | TIMEOUT*) echo failed ;;
      *) echo running ;;
    esac
    ;;
esac
