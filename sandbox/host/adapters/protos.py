"""Plain classes in place of the worker protocol's generated messages.

azure-functions-runtime takes the module that holds its messages as an argument, and only ever makes them
with keyword arguments and reads their fields, so no gRPC is needed inside one process.
"""

from typing import Any


class Message:
    """A record of whatever fields it was made with."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class OneOf(Message):
    """A record of which at most one field is set."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's own name
        """The name of the field that is set."""
        return next((name for name, value in self.__dict__.items() if value is not None), None)


class TypedData(OneOf):
    """A value of any kind the protocol knows."""


class ParameterBinding(Message):
    """A value with the name of its binding."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's own name
        """Values always come in the message itself, never in shared memory."""
        return "data"


class RpcHttp(Message):
    """An HTTP request or answer."""


class RpcHttpCookie(Message):
    """A cookie of an HTTP answer."""

    class SameSite:
        """The protocol's numbers for SameSite."""

        Lax = 1
        Strict = 2
        ExplicitNone = 3


# "None" is a name of the protocol's that Python's own grammar keeps for itself.
setattr(RpcHttpCookie.SameSite, "None", 0)


class BindingInfo(Message):
    """A binding's type and direction."""

    undefined = 0
    out = 1
    inout = 2


setattr(BindingInfo, "in", 0)


class StatusResult(Message):
    """How a request went."""

    Failure = 0
    Success = 1


class RpcException(Message):
    """An exception, as text."""


class RpcFunctionMetadata(Message):
    """One indexed function."""


class RpcRetryOptions(Message):
    """A function's retry policy."""


class Timestamp(Message):
    """Seconds since 1970."""


class NullableString(Message):
    """A string that may be absent."""


class NullableBool(Message):
    """A boolean that may be absent."""


class NullableDouble(Message):
    """A number that may be absent."""


class NullableTimestamp(Message):
    """A time that may be absent."""


class WorkerMetadata(Message):
    """What the worker says of itself."""


class WorkerInitResponse(Message):
    """Answer to the start of the worker."""


class FunctionMetadataResponse(Message):
    """Answer to the question for the functions."""


class FunctionLoadResponse(Message):
    """Answer to the loading of a function."""


class InvocationResponse(Message):
    """Answer to a call."""
