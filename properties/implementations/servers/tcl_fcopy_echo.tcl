# Tcl's fcopy, a channel copied to itself in the background.
# Not for: fileevent, which is tcl_fileevent_echo.tcl. Usage: tcl_fcopy_echo.tcl PORT
proc accept {channel address port} {
    chan configure $channel -translation binary -blocking 0 -buffering none
    chan copy $channel $channel -command [list finish $channel]
}

proc finish {channel count {error ""}} {
    catch {chan close $channel}
}

socket -server accept -myaddr 127.0.0.1 [lindex $argv 0]
vwait forever
