# Until 0.1.0 /etc/so101-teleop/config.toml was a conffile of dpkg's. It is none any more: the page edits it, and an upgrade
# must neither ask about it nor touch it. dpkg forgets a conffile that a new version does not have only where the file is
# not there while the new version is unpacked; otherwise it keeps it as "obsolete", and as its own. So it stands aside for
# that time, with its edits, and comes back under its name. The maintainer scripts have this.
config=/etc/so101-teleop/config.toml
aside=/etc/so101-teleop/.config.toml.dpkg-aside

# To be called before the new version is unpacked.
put_config_aside() {
    # An upgrade before this one was interrupted.
    put_config_back
    if dpkg-query -W -f='${Conffiles}\n' so101-teleop 2>/dev/null | grep -q "^ $config " &&
        { [ -e "$config" ] || [ -L "$config" ]; }; then
        mv -f "$config" "$aside"
    fi
}

# Also where an upgrade was interrupted, by whatever. What somebody has made meanwhile under its name is not lost.
put_config_back() {
    if [ -e "$aside" ] || [ -L "$aside" ]; then
        if [ -e "$config" ] || [ -L "$config" ]; then
            mv -f "$config" "$config.dpkg-old"
        fi
        mv -f "$aside" "$config"
    fi
}
