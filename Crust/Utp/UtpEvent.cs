namespace Crust.Utp;

/// <summary>Something that happened to a connection.</summary>
internal readonly record struct UtpEvent(UtpConnection Connection, UtpEventKind Kind);
