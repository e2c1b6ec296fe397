# Whose the calibrations and the datasets are: the group dialout's while we are installed, root's afterwards. Both maintainer
# scripts have this, and "so101 install" and "uninstall" run it.
#
# Members of that group may have put anything below those folders, and in release 0.1.0 in their places; they may be at it
# at this moment. So a folder is taken from them before it is looked into, the outermost first: then its names stay what they
# are. No link is followed, a file that has a second name is left alone, and nothing becomes readable to anybody who could
# not read it before. What is odd is told, and never stops an installation.
library=/var/lib/so101-teleop
calibrations=$library/calibration
datasets=$library/datasets
# For find: not into folders whose names others may change.
skip_loose='-type d ( ! -user root -o -perm /022 ) -prune'

odd() { echo "so101-teleop: $*" >&2; }

take_library() {
    if [ -L "$library" ] || [ ! -d "$library" ]; then
        odd "$library is not a folder: nothing is changed there."
        odd "Put a folder in its place, then: sudo systemd-tmpfiles --create so101-teleop.conf"
        return 1
    fi
    chown -h root:root "$library" && chmod 00755 "$library"
}

# Of $folder; to be called once the folder above is root's.
take_folder() {
    [ ! -L "$folder" ] && [ -d "$folder" ] && chown -h root:root "$folder" && chmod 00755 "$folder"
}

# What stands in the place of $folder and is none; fails where there is nothing to be put aside.
put_aside() {
    [ -L "$folder" ] || { [ -e "$folder" ] && [ ! -d "$folder" ]; } || return 1
    aside=$(mktemp -d "$library/aside.XXXXXX") && mv -T "$folder" "$aside/${folder##*/}" &&
        odd "$folder was not a folder. It is now $aside/${folder##*/}, as it was; a new folder is made."
}

# "again" where the calibrations, or some of them, may be root's.
calibrations_to_group() {
    if [ ! -L "$library" ] && [ ! -e "$library" ]; then
        mkdir -m 755 "$library"
    fi
    take_library || return 0
    folder=$calibrations
    if put_aside; then
        odd "If calibrations are kept elsewhere: set calibration_dir in /etc/so101-teleop/config.toml"
    fi
    folder=$datasets
    put_aside || true
    for folder in "$calibrations" "$datasets"; do
        if [ "${1-}" = again ] && take_folder; then
            give_back
        fi
    done
    if [ -e /proc/self ]; then
        systemd-tmpfiles --create so101-teleop.conf || true
    fi
    for folder in "$calibrations" "$datasets"; do
        # An image that is being made, without the /proc that systemd-tmpfiles wants.
        if [ ! -e /proc/self ] && { [ ! -e "$folder" ] || take_folder; }; then
            mkdir -p "$folder" && chgrp -h dialout "$folder" && chmod 02775 "$folder"
        fi
        if [ -z "$(find "$folder" -maxdepth 0 -type d -user root -group dialout -perm 2775)" ]; then
            odd "$folder is not the folder that it should be (root's, for the group dialout to write): see above."
        fi
    done
}

# What in $folder is root's and for all to read. What is in the folders of others is theirs.
give_back() {
    find "$folder" -xdev -mindepth 1 -type d \( ! -user root -prune -o -execdir chmod go-w {} \; -o -prune \)
    find "$folder" -xdev -mindepth 1 $skip_loose -o -user root -group root \
        \( -type d -perm -005 -o -type f -links 1 -perm -004 \) -execdir chgrp -h dialout {} +
    # The innermost first: nothing is done any more below a folder that the group may write to.
    find "$folder" -xdev -mindepth 1 $skip_loose -o -type d -group dialout -perm -005 -print0 |
        LC_ALL=C sort -rz | xargs -0r chmod g+ws
}

# What is kept is root's, whoever made it, and whatever it is.
calibrations_to_root() {
    if [ ! -L "$library" ] && [ ! -e "$library" ]; then
        return 0
    fi
    take_library || return 0
    find "$library" -xdev -mindepth 1 -type d \
        \( -execdir chown -h root:root {} \; -execdir chmod go-w {} \; -o -prune \)
    find "$library" -xdev -mindepth 1 $skip_loose -o ! -type d -links 1 -execdir chown -h root:root {} +
    if [ -n "$(find "$library" -xdev -type f -print -quit)" ]; then
        echo "The arms' calibrations are kept in $calibrations; they are root's now."
        if [ ! -L "$datasets" ] && [ -n "$(find "$datasets" -xdev -type f -print -quit 2>/dev/null)" ]; then
            echo "So are the datasets, in $datasets."
        fi
        if [ -n "$(find "$library" -xdev ! -user root -print -quit)" ]; then
            odd "Files in $library that have a second name elsewhere stay their owners'."
        fi
    else
        rm -rf --one-file-system "$library"
    fi
}
