/** Where datasets are. */

/** The folder of this machine's datasets, which the group writes: made by systemd-tmpfiles. */
export const DATASETS_DIR = "/var/lib/so101-teleop/datasets";
