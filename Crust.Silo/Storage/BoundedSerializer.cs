using Orleans.Storage;

namespace Crust.Silo.Storage;

/// <summary>A serializer that refuses what is too large: every state of Crust is small by construction, and one that is not is a bug that storage must not carry on.</summary>
internal sealed class BoundedSerializer(IGrainStorageSerializer inner) : IGrainStorageSerializer
{
    /// <summary>Largest state, in bytes: 256 KiB. Ours: a quarter of what a row of Azure Tables holds.</summary>
    internal const int MaxLength = 256 * 1024;

    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input)
    {
        var data = inner.Serialize(input);
        return data.ToMemory().Length <= MaxLength ? data : throw new StateTooLargeException(data.ToMemory().Length);
    }

    /// <inheritdoc/>
    public T? Deserialize<T>(BinaryData input) => inner.Deserialize<T>(input);
}
