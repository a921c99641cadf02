# Tcl's fileevent in the usual way: when something can be read, it is read and written. Tcl keeps what can't go out.
# Not for: fcopy, which is tcl_fcopy_echo.tcl. Usage: tcl_fileevent_echo.tcl PORT
proc accept {channel address port} {
    chan configure $channel -translation binary -blocking 0 -buffering none
    chan event $channel readable [list echo $channel]
}

proc echo {channel} {
    if {[catch {chan puts -nonewline $channel [chan read $channel 65536]}] || [chan eof $channel]} {
        catch {chan close $channel}
    }
}

socket -server accept -myaddr 127.0.0.1 [lindex $argv 0]
vwait forever
