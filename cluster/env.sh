# Environment of ftrun's ranks on a cluster: job.sbatch and preflight.sh source it; so can a job script of your own.
# Each line says why it is there. What is set already stays. "Tried" means: on the test cluster of tests/cluster (three
# nodes, Open MPI 4.1.4, Slurm 22.05) with and without.
# shellcheck shell=bash

# awk, sort and date in the scripts write numbers and order lines the same way everywhere; `ftrun doctor` asks for a
# locale with decimal points. ftrun itself does not depend on it.
export LC_ALL=C

# One thread a rank, one rank a core: what the program is built for. It says so to libtorch itself (tried: three threads
# a rank with and without this); the line is for libraries of plugins, and for `parallel.bind`, which counts by it.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

# ftrun opens HDF5 files of sealed folders, which never change, or of its own rank: no lock is needed. HDF5 1.10 takes
# one anyway, and fails on file systems that know none (Lustre without -o flock, some NFS): untried, for want of one.
export HDF5_USE_FILE_LOCKING="${HDF5_USE_FILE_LOCKING:-FALSE}"

# The network between the nodes, as 10.77.0.0/24 or ib0,eth1. Without it Open MPI tries every interface, and those of
# containers and virtual machines have the same address on every node: tried with such a docker0, where two nodes never
# met; the usual names are therefore left out, and any other is avoided by FTRUN_NETWORK. Tried both, by srun and mpirun.
if [ -z "${FTRUN_NETWORK:-}" ]; then
  export OMPI_MCA_btl_tcp_if_exclude="${OMPI_MCA_btl_tcp_if_exclude:-lo,docker0,virbr0}"  # the ranks' messages over TCP
  export OMPI_MCA_oob_tcp_if_exclude="${OMPI_MCA_oob_tcp_if_exclude:-lo,docker0,virbr0}"  # mpirun's own
else
  export OMPI_MCA_btl_tcp_if_include="$FTRUN_NETWORK" OMPI_MCA_oob_tcp_if_include="$FTRUN_NETWORK"
  case "$FTRUN_NETWORK" in
    */*) ;;
    *) export NCCL_SOCKET_IFNAME="${NCCL_SOCKET_IFNAME:-$FTRUN_NETWORK}" ;;  # NCCL knows names only; untried
  esac
fi

# What ends mpirun (TERM at preemption or scancel, INT, HUP) it hands to the ranks as TERM after so many seconds, and kills
# them after as many again: 1 by default, too few to seal a large checkpoint. Both together stay below Slurm's KillWait (30).
export OMPI_MCA_odls_base_sigkill_timeout="${OMPI_MCA_odls_base_sigkill_timeout:-12}"

# NCCL then says why it fails, not only that it does. Untried on several nodes.
export NCCL_DEBUG="${NCCL_DEBUG:-WARN}"
