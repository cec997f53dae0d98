namespace Crust.Silo.Storage;

/// <summary>A grain's state is longer than <see cref="BoundedSerializer.MaxLength"/>. Nothing was written.</summary>
internal sealed class StateTooLargeException(int length) : Exception($"A state of {length} bytes is more than the {BoundedSerializer.MaxLength} that storage takes.");
