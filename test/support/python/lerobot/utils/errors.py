class DeviceNotConnectedError(ConnectionError):
    pass
