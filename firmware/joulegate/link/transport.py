"""What a transport is: a byte stream to one host, over whatever network there is.

Wi-Fi, a modem's sockets and PPP each answer like this; the MQTT session knows no other thing
of them. Nothing here waits but `attach` and `open`, which yield to other tasks and end by
deadlines of their own.

    name: str                    "wifi", "modem", "ppp" or "lorawan"
    async attach() -> None       bring the network up, at once if it is; LinkError
    async open(host, port, tls)  one stream to a host; tls: a Tls or None; LinkError
    send(data) -> int            take as many bytes as there is room for, 0 for none;
                                 LinkError when the stream is over
    receive_into(buffer) -> int  give what has come, 0 for nothing; LinkError when the stream
                                 is over and everything was given
    close() -> None              end the stream; never raises
    signal() -> int | None       strength in dBm
    sent, received: int          bytes since the start
"""
