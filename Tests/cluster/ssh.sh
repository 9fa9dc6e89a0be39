#!/usr/bin/env bash
# A server for ssh in each namespace of namespaces.sh, with a key of its own that this folder's client knows:
#
#     ssh.sh FOLDER [HIDDEN]
#                         makes keys, starts the servers, and prints the client's command; FOLDER/stranger is the
#                         configuration of a client whose key no server knows. What is in the folder HIDDEN is not
#                         there for the servers
#
# The servers end with the namespaces. They are of dropbear-bin, which comes without a service that would begin to listen
# on the machine itself; the client is the one that users have.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=${1:?usage: ssh.sh FOLDER [HIDDEN]}
hidden=${2:-}
mkdir -p "$folder/home/.ssh"
folder=$(CDPATH='' cd -- "$folder" && pwd)
chmod 700 "$folder" "$folder/home" "$folder/home/.ssh"
ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
ssh-keygen -q -t ed25519 -N '' -f "$folder/other-key"
cp "$folder/key.pub" "$folder/home/.ssh/authorized_keys"
# Servers look for known keys in the user's home, which must stay as it is.
awk -F : -v OFS=: -v home="$folder/home" '$3 == 0 { $6 = home } 1' /etc/passwd >"$folder/passwd"
for key in key other-key; do
    printf '%s\n' "IdentityFile $folder/$key" "IdentitiesOnly yes" "UserKnownHostsFile $folder/known_hosts" \
        "GlobalKnownHostsFile /dev/null" "StrictHostKeyChecking yes" "BatchMode yes" "ConnectTimeout 5" \
        >"$folder/$key.config"
done
mv "$folder/key.config" "$folder/friend"
mv "$folder/other-key.config" "$folder/stranger"
while read -r address _; do
    name=ballast${address##*.}
    dropbearkey -t ed25519 -f "$folder/$name.host" >"$folder/$name.made" 2>&1
    sed -n "s/^\(ssh-ed25519 [^ ]*\).*/$address \1/p" "$folder/$name.made" >>"$folder/known_hosts"
    # shellcheck disable=SC2016 # The inner shell expands its arguments.
    "$here/namespaces.sh" run "$name" -- unshare --mount sh -c '
        mount --bind "$0/passwd" /etc/passwd
        [ -z "$2" ] || mount -t tmpfs none "$2"
        exec /usr/sbin/dropbear -E -s -p 22 -P "$0/$1.process" -r "$0/$1.host"
        ' "$folder" "$name" "$hidden" >>"$folder/servers.log" 2>&1
done < <("$here/namespaces.sh" hostfile)
echo "ssh -F $folder/friend"
